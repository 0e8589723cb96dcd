from pathlib import Path

import pytest

from local_stack.schema import SchemaMemory


@pytest.fixture(name="schema")
def schema_of_a_repository(tmp_path: Path) -> SchemaMemory:
    migrations = tmp_path / "services/prompts/src/prompts/migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_prompts.sql").write_text("CREATE TABLE prompts ()")
    (tmp_path / "cluster").mkdir()
    return SchemaMemory(tmp_path / "cluster", tmp_path)


def test_a_new_cluster_is_not_current(schema: SchemaMemory) -> None:
    assert not schema.is_current()


def test_a_remembered_schema_is_current(schema: SchemaMemory) -> None:
    schema.remember()
    assert schema.is_current()


def test_a_new_migration_must_be_applied(schema: SchemaMemory) -> None:
    schema.remember()
    (schema.repository / "services/prompts/src/prompts/migrations/0002_labels.sql").touch()
    assert not schema.is_current()


def test_a_cluster_that_was_removed_forgets(schema: SchemaMemory) -> None:
    schema.remember()
    (schema.cluster / "scriptorium_schema").unlink()
    assert not schema.is_current()
