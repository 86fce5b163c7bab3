"""Every operation of the service model that cannot be meant yet says so, by its modelled exception."""

import botocore
import botocore.session
import pytest

from support.clients import Boto, ServiceError
from support.server import Server

#: Operations that do something by now; each has tests of its own.
SUPPORTED = {
    "StartLoaderJob", "GetLoaderJobStatus", "ListLoaderJobs", "CancelLoaderJob", "GetEngineStatus", "ExecuteFastReset",
    "GetPropertygraphStatistics", "ManagePropertygraphStatistics", "DeletePropertygraphStatistics", "GetPropertygraphSummary",
    "GetSparqlStatistics", "ManageSparqlStatistics", "DeleteSparqlStatistics", "GetRDFGraphSummary", "GetStorageInfo",
}


def model():
    return botocore.session.get_session().get_service_model("neptunedata")


def members(shape):
    """A valid value for each required member."""
    if shape is None:
        return {}
    return {name: value(shape.members[name]) for name in shape.required_members}


def value(shape):
    if getattr(shape, "enum", None):
        return shape.enum[0]
    return {"string": "text", "integer": 1, "long": 1, "boolean": True, "list": [], "map": {}, "structure": {}}[shape.type_name]


@pytest.mark.parametrize("operation", sorted(set(model().operation_names) - SUPPORTED))
def test_says_that_it_is_not_supported(operation, unsupporting):
    with pytest.raises(ServiceError) as caught:
        unsupporting.call(boto3_name(operation), **members(model().operation_model(operation).input_shape))
    assert (caught.value.name, caught.value.status) == ("UnsupportedOperationException", 400)
    assert operation in caught.value.message or "not support" in caught.value.message


def boto3_name(operation):
    return botocore.xform_name(operation)


@pytest.fixture(scope="module")
def unsupporting(binary, tmp_path_factory):
    with Server(binary, tmp_path_factory.mktemp("unsupported") / "data") as server:
        yield Boto(server.endpoint)


def test_the_model_has_the_operations_that_are_counted_on():
    assert len(model().operation_names) == 48
    assert SUPPORTED <= set(model().operation_names)
