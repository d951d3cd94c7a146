"""Bringing a Slack export into the organisation (docs/slack-import.md).

`archive` opens the zip within limits, `reading` gives what is in it, `translating` makes messages of ours of it (with
`mrkdwn` and `blocks` for their text): these are pure. `people` finds or makes who is in it, `places` the rooms, `writing`
puts messages into them in bulk, `checking` is the dry run, `running` does all of it, piece by piece, `files` fetches.
"""
