"""Alembic's entry: run the steps on the connection that the store hands over."""

from alembic import context

from bot.store.schema import meta


def run() -> None:
    """All steps in the caller's one transaction: a crash half way leaves the old schema."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=meta,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic executes this file
    run()
