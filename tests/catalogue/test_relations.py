"""The relations between operators are proved, and none of them with a sign, a factor or a term changed."""

import pytest
from sympy import Integer

import smoothsym as ss
from smoothsym.catalogue.relations import Relation, relations

ALL = list(relations())


@pytest.mark.parametrize("relation", ALL, ids=lambda relation: relation.title)
def test_a_relation_is_proved_and_its_mutations_are_not(relation: Relation) -> None:
    assert relation.holds()
    for right in (-relation.right, 2 * relation.right, relation.right + ss.words.x[1], relation.right + Integer(1)):
        assert not Relation("wrong", relation.left, right, relation.domain).holds()


def test_every_operator_is_related_to_another() -> None:
    told = " ".join(relation.title for relation in ALL)
    # How those that solve an equation are related is asserted by numbers, in test_solved.py.
    assert all(name in told for name, op in ss.operators.items() if op.explicit)
