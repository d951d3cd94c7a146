"""The demo organisation of `make run`: who is in it, which rooms they have, and what they said (talk/*.txt)."""
