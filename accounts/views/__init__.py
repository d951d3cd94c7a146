"""The pages of accounts: of an organisation's people, and of the public site (public_*)."""
