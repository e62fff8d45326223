"""Plays every event of a charm with ops-scenario: events.py CHARM-DIRECTORY.

Prints the names of the events that the charm got, as Juju names the hooks, and of the actions.
"""

import pathlib
import sys

import ops
import yaml
from ops import testing

def of_one_type(actions: dict) -> dict:
    """The actions with the first one of several types: ops-scenario 8.9 knows no others, as JSON Schema and Juju do."""
    for action in actions.values():
        for parameter in action.get("params", {}).values():
            if isinstance(parameter.get("type"), list):
                parameter["type"] = parameter["type"][0]
    return actions


FOLDER = pathlib.Path(sys.argv[1])
META, CONFIG, ACTIONS = (yaml.safe_load((FOLDER / f"{name}.yaml").read_text()) for name in ("metadata", "config", "actions"))


class Charm(ops.CharmBase):
    """Says which events it gets."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        for event in self.on.events().values():
            framework.observe(event, self._say)

    def _say(self, event: ops.EventBase) -> None:
        if not isinstance(event, ops.LifecycleEvent):
            print(event.handle.kind.replace("_", "-"))


def main() -> None:
    context = testing.Context(Charm, meta=META, config=CONFIG, actions=of_one_type(ACTIONS))
    on = context.on
    ends = [META.get(role, {}).items() for role in ("requires", "provides")]
    for name, end in (pair for pairs in ends for pair in pairs):
        # Each of the two kinds is refused where the metadata says the other scope.
        kind = testing.SubordinateRelation if end.get("scope") == "container" else testing.Relation
        relation = kind(endpoint=name, interface=end["interface"])
        state = testing.State(relations={relation})
        for moment in ("created", "joined", "changed", "departed", "broken"):
            whose = {} if moment in ("created", "broken") else {"remote_unit": 0}
            context.run(getattr(on, f"relation_{moment}")(relation, **whose), state)
    for event in ("install", "leader_elected", "config_changed", "start", "upgrade_charm", "update_status", "stop", "remove"):
        context.run(getattr(on, event)(), testing.State(leader=event == "leader_elected"))
    secret = testing.Secret({"token": "of-nobody"})
    context.run(on.secret_changed(secret), testing.State(secrets={secret}))
    for name, action in ACTIONS.items():
        given = {key: value["default"] for key, value in action.get("params", {}).items() if "default" in value}
        context.run(on.action(name, params=given), testing.State())


main()
