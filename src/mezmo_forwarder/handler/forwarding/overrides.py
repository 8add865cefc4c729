"""What a subscription has for itself: settings by its filter's name, which arrives in every event."""

from collections.abc import Sequence

from msgspec import UNSET, structs

from handler.settings import Settings


class SettingsBySubscription:
    """The settings of each subscription.

    Args:
        settings: those of the forwarder, with the subscriptions' own.
    """

    def __init__(self, settings: Settings) -> None:
        self.general = settings
        self._merged: dict[str, Settings] = {}

    def of(self, filters: Sequence[str]) -> Settings:
        """Return the settings for a document that came by these filters.

        CloudWatch names one. Of several, the first that has settings of its own decides; with none, the
        forwarder's hold.
        """
        subscriptions = self.general.subscriptions
        if subscriptions:
            for name in filters:
                if name in subscriptions:
                    return self._merged.get(name) or self._merge(name)
        return self.general

    def _merge(self, name: str) -> Settings:
        own = structs.asdict(self.general.subscriptions[name])
        changes = {field: value for field, value in own.items() if value is not UNSET}
        merged = self._merged[name] = structs.replace(self.general, **changes)
        return merged
