"""What Airflow's pages say about a DAG and a task, from the contracts."""

from __future__ import annotations

from contracts.catalogue import City
from contracts.model import Resource
from dags.building.plan import DagPlan
from transforms.models import Model

ORIGIN = "auto asks the source where it can still give the interval and otherwise replays what landed; source and landing insist; whole reads the source's whole history"


def of_department(plan: DagPlan, city: City) -> str:
    """The department, whom to call, and its resources."""
    department = city.departments.get(plan.department)
    name, contact = (str(department.name), department.contact) if department else (plan.department, "unknown")
    lines = [
        f"### {name}",
        f"数据专员 Data officer: {contact}",
        "",
        "| resource | name | source system | load | owner |",
        "|---|---|---|---|---|",
        *(f"| {r.name} | {r.label} | {r.system.id} | {r.load_mode} | {r.owner} |" for r in plan.resources),
        *(f"| {id.partition('.')[2]} | **契约有误 contract broken** | | | |" for id in plan.broken),
        "",
        "Backfill: `airflow backfill create --dag-id "
        f"{plan.dag_id} --from-date <day> --to-date <day> --reprocess-behavior completed --max-active-runs 1`",
    ]
    return "\n".join(lines)


def of_extract(resource: Resource) -> str:
    """Where the records come from."""
    system = resource.system
    span = f"rows by `{resource.watermark.column}`" if resource.watermark else "all rows"
    return (
        f"**{resource.label}** {resource.description}\n\nReads {span} of `{resource.physical_name}` from {system.name} "
        f"({system.connector}); at most {system.pool_slots} at once against this system."
    )


def of_validate(resource: Resource) -> str:
    """What is judged and what holds the load."""
    expected = resource.expected_rows
    least = f", or with fewer than {expected.min:,} rows" if expected.min is not None else ""
    return (
        f"{len(resource.rules)} rules over {len(resource.fields)} fields. The load is held back when more than "
        f"{resource.quarantine_limit:.1%} of the rows fail{least}; yesterday's data stays then."
    )


def of_load(resource: Resource) -> str:
    """How the rows reach the lake."""
    key = f" on {', '.join(resource.key)}" if resource.key else ""
    return f"{resource.load_mode}{key} into `lake.{resource.department}.{resource.name}`; contract {resource.version}."


def of_model(model: Model) -> str:
    """What the model is, from what, and how it is kept up to date."""
    inputs = ", ".join(f"`{i.name}`" for i in model.inputs)
    kept = (
        f"rows of those {model.increment} that changed" if model.increment else "the whole of it when an input changed"
    )
    return f"**{model.label}** {model.description.zh} {model.description.en}\n\nReads {inputs}; computes {kept}."
