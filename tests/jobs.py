"""Running the background jobs that wait, with procrastinate's own worker in this process."""

from procrastinate.contrib.django import app


def run_waiting_jobs() -> None:
    """Run until none is left that may start now."""
    with app.replace_connector(app.connector.get_worker_connector()) as worker:
        worker.run_worker(
            wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="always"
        )
