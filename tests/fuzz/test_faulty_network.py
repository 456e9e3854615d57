"""Two sessions over a faulty network; the machine in `tests/smpp` has them over a sound one."""

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gatewayd.smpp.transitions import Role
from tests.fuzz.faulty_network import ACTIONS, Action, FaultyNetwork


class Machine(RuleBasedStateMachine):
    """Any action by or against any side."""

    def __init__(self) -> None:
        super().__init__()
        self.world = FaultyNetwork()

    @rule(
        action=st.sampled_from(ACTIONS),
        role=st.sampled_from(Role),
        rng=st.randoms(use_true_random=False),
    )
    def act(self, action: Action, role: Role, rng: random.Random) -> None:
        action(self.world, role, rng)

    @invariant()
    def the_books_agree(self) -> None:
        """One fate for each request, the window kept, no answer twice, an end where framing is lost."""
        self.world.check()

    def teardown(self) -> None:
        self.world.settle()


TestFaultyNetwork = Machine.TestCase
TestFaultyNetwork.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
