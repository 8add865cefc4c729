"""The template as the Serverless Application Repository takes it."""

from typing import Any

Json = dict[str, Any]

TRANSFORM = "AWS::Serverless-2016-10-31"


def as_application(template: Json, code: str, package: Json) -> Json:
    """Return the template with the code as `sam package` finds it, and what the repository shows of it.

    The repository copies what `CodeUri` names into the region of whoever deploys the application.

    Args:
        template: one without parameters for the code.
        code: the name of the zip, which lies beside the template.
        package: the project's `package.json`.
    """
    page = package["repository"]["url"].removesuffix(".git")
    shown = {
        "Name": package["name"],
        "Description": template["Description"],
        "Author": package["author"]["name"],
        "SpdxLicenseId": package["license"],
        "LicenseUrl": "LICENSE",
        "ReadmeUrl": "README.md",
        "Labels": package["keywords"],
        "HomePageUrl": page,
        "SourceCodeUrl": page,
        "SemanticVersion": package["version"],
    }
    resources = {name: _as_serverless(resource, code) for name, resource in template["Resources"].items()}
    return {
        **template,
        "Transform": TRANSFORM,
        "Metadata": {**template["Metadata"], "AWS::ServerlessRepo::Application": shown},
        "Resources": resources,
    }


def _as_serverless(resource: Json, code: str) -> Json:
    """Return a resource as it is, but a function as the repository's transform knows it."""
    if resource["Type"] != "AWS::Lambda::Function":
        return resource
    properties = {name: value for name, value in resource["Properties"].items() if name != "Code"}
    return {
        **resource,
        "Type": "AWS::Serverless::Function",
        "Properties": {**properties, "CodeUri": code},
    }
