"""Why an archive or an organisation is not touched."""


class Refused(ValueError):
    """It can't be done, and nothing has changed. The text is for the operator and says what to do."""
