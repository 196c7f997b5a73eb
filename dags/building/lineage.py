"""What came of what, as OpenLineage events: each task names the data it reads and writes, with fields and where each field is from.

Airflow's own provider makes and times the events; here is what they say of our data sets, and where they go: a file a day below
LANDBRIDGE_HOME, never the network. Nothing of this is imported while DAG files are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.python import PythonOperator

from contracts.model import Field, Resource

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import Dataset

# where a step reads and where it writes
_BETWEEN = {"extract": ("source", "landing"), "validate": ("landing", "staging"), "load": ("staging", "lake")}


class StepOperator(PythonOperator):
    """A PythonOperator that can tell its lineage: of one resource's step, of data sets of the lake by name, or of a model's columns."""

    def __init__(
        self, *, resource: Resource | None = None, city: str, reads: Iterable[str] = (), writes: Iterable[str] = (),
        model: str | None = None, **arguments: Any,
    ) -> None:  # fmt: skip
        super().__init__(**arguments)
        self._resource, self._city = resource, city
        self._reads, self._writes, self._model = tuple(reads), tuple(writes), model

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """What the provider asks for when the task starts."""
        from airflow.providers.openlineage.extractors import OperatorLineage

        if self._resource is None:
            inputs, outputs = ([_lake(self._city, name) for name in names] for names in (self._reads, self._writes))
            return OperatorLineage(inputs=inputs, outputs=outputs)
        before, after = _BETWEEN[self.task_id.rpartition(".")[2]]
        return OperatorLineage(
            inputs=[_dataset(self._city, self._resource, before)],
            outputs=[_dataset(self._city, self._resource, after, came_from=before)],
        )

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """The same when it has ended: what a step reads and writes does not depend on how it went. A model's columns are told now."""
        told = self.get_openlineage_facets_on_start()
        if self._model is not None:
            told.outputs = [_model(self._city, self._model)]
        return told


def _dataset(city: str, resource: Resource, place: str, came_from: str = "") -> Dataset:
    """The resource at one place of its way; up to the landing zone its fields have the source's names."""
    from openlineage.client.event_v2 import Dataset
    from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset

    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=_name(f, place), type=f.physical_type if _is_raw(place) else f.logical_type, description=f.label)
        for f in resource.fields
    ]  # fmt: skip
    facets: dict[str, Any] = {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)}
    if came_from:
        namespace, name = _names(city, resource, came_from)
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            fields={
                _name(f, place): column_lineage_dataset.Fields(
                    inputFields=[column_lineage_dataset.InputField(namespace=namespace, name=name, field=_name(f, came_from))]
                )
                for f in resource.fields
            }
        )  # fmt: skip
    namespace, name = _names(city, resource, place)
    return Dataset(namespace=namespace, name=name, facets=facets)


def _model(city: str, name: str) -> Dataset:
    """A model's table, its columns and from which columns of its inputs each is made."""
    from openlineage.client.event_v2 import Dataset
    from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset

    from pipeline.models.lineage import direct_lineage
    from pipeline.workplace import Workplace

    model, origins = direct_lineage(Workplace.open().city, name)
    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=c.name, type=c.type, description=str(c.label))
        for c in model.columns
    ]
    lineage = {
        column: column_lineage_dataset.Fields(
            inputFields=[
                column_lineage_dataset.InputField(namespace=f"lake://{city}", name=f.table.replace(".", "/"), field=f.column) for f in made_from
            ]
        )
        for column, made_from in origins.items()
        if made_from
    }  # fmt: skip
    facets: dict[str, Any] = {
        "schema": schema_dataset.SchemaDatasetFacet(fields=fields),
        "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields=lineage),
    }
    return Dataset(namespace=f"lake://{city}", name=name.replace(".", "/"), facets=facets)


def _lake(city: str, name: str) -> Dataset:
    from openlineage.client.event_v2 import Dataset

    return Dataset(namespace=f"lake://{city}", name=name.replace(".", "/"))


def _names(city: str, resource: Resource, place: str) -> tuple[str, str]:
    """Namespace and name: in the lake together the resource's asset, at the source its system and table."""
    if place == "source":
        return f"source://{city}/{resource.system.id}", resource.physical_name
    return f"{place}://{city}", f"{resource.department}/{resource.name}"


def _is_raw(place: str) -> bool:
    return place in ("source", "landing")


def _name(field: Field, place: str) -> str:
    return field.physical_name if _is_raw(place) else field.name
