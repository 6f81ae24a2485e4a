"""How Neon words a project, a branch, a compute and a snapshot."""

from typing import Any

from ...simulation.world import World
from .account import Branch, Project
from .operations import ended_well
from .timing import iso, lsn_of

COUNTERS = {
    "cpu_used_sec": 100, "compute_time_seconds": 100, "active_time_seconds": 100, "written_data_bytes": 100800,
    "data_transfer_bytes": 1000000,
}  # fmt: skip


def project(world: World, record: Project) -> dict[str, Any]:
    """A project with its owner and history window."""
    habits, since = world.settings("neon"), iso(record["created"])
    return {
        **COUNTERS, "data_storage_bytes_hour": 1040, "id": record["id"], "platform_id": "aws",
        "region_id": "aws-eu-central-1", "name": record["name"], "provisioner": "k8s-neonvm", "pg_version": 17,
        "proxy_host": "eu-central-1.aws.neon.example", "branch_logical_size_limit": 0,
        "branch_logical_size_limit_bytes": 0, "store_passwords": True, "creation_source": "console",
        "history_retention_seconds": habits["history_retention_seconds"], "created_at": since, "updated_at": since,
        "consumption_period_start": since, "consumption_period_end": iso(world.now_ms()),
        "owner_id": record["org"], "org_id": record["org"],
        "owner": {"email": f"ops@{record['organisation']}.example", "name": record["organisation"],
                  "branches_limit": habits["branches_limit"], "subscription_type": habits["plan"]},
    }  # fmt: skip


def listed(world: World, record: Project) -> dict[str, Any]:
    """An item of the list of projects."""
    left = ("data_storage_bytes_hour", "consumption_period_start", "consumption_period_end", "owner")
    item = {name: value for name, value in project(world, record).items() if name not in left}
    return {**item, "active_time": 100}


def branch(world: World, holder: Project, record: Branch) -> dict[str, Any]:
    """A branch; what a running restore will make of its parent is not told before it has ended."""
    now = world.now_ms()
    settled = ended_well(holder, record["waits_for"], now)
    optional = {
        "parent_id": record["parent"], "pending_state": None if settled else "ready",
        "parent_lsn": lsn_of(holder["created"], record["from"]) if record["from"] and settled else None,
        "parent_timestamp": iso(record["from"]) if record["from"] and settled and record["by_time"] else None,
        "last_reset_at": iso(record["reset"]) if record["reset"] else None,
    }  # fmt: skip
    shown = {
        **COUNTERS, "id": record["id"], "project_id": holder["id"], "name": record["name"],
        "current_state": "ready" if settled else record["meanwhile"], "state_changed_at": iso(record["changed"]),
        "logical_size": 31_457_280, "creation_source": "console", "primary": record["default"],
        "default": record["default"], "protected": record["protected"], "created_at": iso(record["created"]),
        "updated_at": iso(record["changed"]), "init_source": "parent-data",
        **{name: value for name, value in optional.items() if value},
    }  # fmt: skip
    if reason := world.settings("neon")["restricted"]:
        shown["restricted_actions"] = [{"name": "restore", "reason": reason}]
    return shown


def endpoint(world: World, holder: Project, record: dict[str, Any]) -> dict[str, Any]:
    """A compute."""
    return {
        "host": f"{record['id']}.eu-central-1.aws.neon.example", "id": record["id"], "project_id": holder["id"],
        "branch_id": record["branch"], "autoscaling_limit_min_cu": 0.25, "autoscaling_limit_max_cu": 2,
        "region_id": "aws-eu-central-1", "type": "read_write", "current_state": "active", "settings": {},
        "pooler_enabled": False, "pooler_mode": "transaction", "disabled": record["disabled"],
        "passwordless_access": True,
        "creation_source": "console", "created_at": iso(record["created"]), "updated_at": iso(record["created"]),
        "started_at": iso(record["started"]), "proxy_host": "eu-central-1.aws.neon.example",
        "suspend_timeout_seconds": 0, "provisioner": "k8s-neonvm",
    }  # fmt: skip


def snapshot(holder: Project, record: dict[str, Any]) -> dict[str, Any]:
    """A snapshot."""
    return {
        "id": record["id"], "name": record["name"], "lsn": lsn_of(holder["created"], record["at"]),
        "timestamp": iso(record["at"]),
        "source_branch_id": record["branch"], "created_at": iso(record["created"]), "manual": True,
        **({"expires_at": record["expires"]} if record["expires"] else {}),
    }  # fmt: skip
