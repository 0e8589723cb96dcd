from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.ids import decode_id, encode_id, new_id


@given(st.uuids())
def test_an_id_survives_the_wire(value: UUID) -> None:
    assert decode_id("pr", encode_id("pr", value)) == value


@given(st.uuids(), st.uuids())
def test_ids_sort_on_the_wire_as_they_do_in_rows(one: UUID, other: UUID) -> None:
    assert (encode_id("pr", one) < encode_id("pr", other)) == (one < other)


@pytest.mark.parametrize(
    "text", ["", "pr_", "do_00000000007000400000000001", "pr_i0000000007000400000000001", "pr_" + "z" * 26, "0" * 26]
)
def test_what_is_not_an_id_of_this_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="pr_"):
        decode_id("pr", text)


def test_new_ids_are_of_version_7_and_grow_with_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert all(value.version == 7 and value.variant == "specified in RFC 4122" for value in ids)
    assert len(set(ids)) == 1000
    assert [value.int >> 80 for value in ids] == sorted(value.int >> 80 for value in ids)
