from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import receivers  # noqa: F401 - listens to accounts' signals
        from chat.link_previews import receivers as preview_receivers  # noqa: F401 - listens to chat's own
