"""The forwarder without CDK: templates and a zip, made of the same construct by `python -m standalone`."""
