"""Every operation of the service model that cannot be meant yet says so, by its modelled exception; machine learning
and index rebuilds answer as a server that has never done either.
"""

import botocore
import botocore.session
import pytest

from support.clients import Boto, Http, ServiceError
from support.server import Server

#: Operations that do something by now; each has tests of its own.
SUPPORTED = {
    "StartLoaderJob", "GetLoaderJobStatus", "ListLoaderJobs", "CancelLoaderJob", "GetEngineStatus", "ExecuteFastReset",
    "GetPropertygraphStatistics", "ManagePropertygraphStatistics", "DeletePropertygraphStatistics", "GetPropertygraphSummary",
    "GetSparqlStatistics", "ManageSparqlStatistics", "DeleteSparqlStatistics", "GetRDFGraphSummary", "GetStorageInfo",
    "ExecuteOpenCypherQuery", "ExecuteOpenCypherExplainQuery", "ListOpenCypherQueries", "GetOpenCypherQueryStatus",
    "CancelOpenCypherQuery",
}

#: Operations about things that this server never has any of, and where in an empty answer they would be listed.
LISTS = {
    "ListMLDataProcessingJobs": "ids", "ListMLModelTrainingJobs": "ids", "ListMLModelTransformJobs": "ids",
    "ListMLEndpoints": "ids", "ListIndexRebuilds": "rebuildIds",
}

#: Operations on one of those things: no id is known.
NOT_FOUND = {
    **dict.fromkeys((
        "GetMLDataProcessingJob", "CancelMLDataProcessingJob", "GetMLModelTrainingJob", "CancelMLModelTrainingJob",
        "GetMLModelTransformJob", "CancelMLModelTransformJob", "GetMLEndpoint", "DeleteMLEndpoint",
    ), ("MLResourceNotFoundException", 404)),
    **dict.fromkeys(("GetIndexRebuildStatus", "CancelIndexRebuild"), ("InvalidParameterException", 400)),
}

#: Starts for which the model requires less than the guide does.
ALSO = {
    "StartMLModelTransformJob": {"trainingJobName": "text"},
    "CreateMLEndpoint": {"mlModelTrainingJobId": "text"},
}

#: Starts, and what is missing when nothing is sent that the model does not require.
WANTING = {
    "StartMLModelTransformJob": "[dataProcessingJobId and mlModelTrainingJobId or trainingJobName]",
    "CreateMLEndpoint": "[mlModelTrainingJobId or mlModelTransformJobId]",
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


@pytest.mark.parametrize("operation", sorted(set(model().operation_names) - SUPPORTED - set(LISTS) - set(NOT_FOUND)))
def test_says_that_it_is_not_supported(operation, unsupporting):
    with pytest.raises(ServiceError) as caught:
        ask(unsupporting, operation, **ALSO.get(operation, {}))
    assert (caught.value.name, caught.value.status) == ("UnsupportedOperationException", 400)
    assert operation in caught.value.message or "not support" in caught.value.message


@pytest.mark.parametrize("operation", sorted(LISTS))
def test_lists_nothing(operation, unsupporting):
    assert ask(unsupporting, operation) == {LISTS[operation]: []}


@pytest.mark.parametrize("operation", sorted(NOT_FOUND))
def test_knows_no_id(operation, unsupporting):
    with pytest.raises(ServiceError) as caught:
        ask(unsupporting, operation)
    assert (caught.value.name, caught.value.status) == NOT_FOUND[operation]
    assert "'text'" in caught.value.message, "the id is named"


@pytest.mark.parametrize("operation", sorted(WANTING))
def test_says_what_is_missing_first(operation, unsupporting):
    with pytest.raises(ServiceError) as caught:
        ask(unsupporting, operation)
    assert (caught.value.name, caught.value.status) == ("MissingParameterException", 400)
    assert caught.value.message == f"Missing required parameters: {WANTING[operation]}"


def test_parameters_of_a_list_and_a_rebuild_are_read(unsupporting):
    http = Http(unsupporting.raw.meta.endpoint_url)
    for method, path, status in (
        ("GET", "/ml/endpoints?maxItems=1024", 200),
        ("GET", "/ml/endpoints?maxItems=1025", 400),
        ("DELETE", "/ml/endpoints/x?clean=TRUE", 404),
        ("DELETE", "/ml/endpoints/x?clean=perhaps", 400),
        ("POST", "/storage/indexes/rebuilds?scope=SOME", 400),
        ("POST", "/storage/indexes/rebuilds?concurrency=0", 400),
    ):
        answer = http.ask(method, path)
        assert answer.status_code == status, (method, path, answer.text)
        if status == 400:
            assert answer.json()["code"] == "InvalidParameterException", (method, path, answer.text)


def ask(client, operation, **also):
    """Calls an operation with what the model requires."""
    required = members(model().operation_model(operation).input_shape)
    return client.call(botocore.xform_name(operation), **required, **also)


@pytest.fixture(scope="module")
def unsupporting(binary, tmp_path_factory):
    with Server(binary, tmp_path_factory.mktemp("unsupported") / "data") as server:
        yield Boto(server.endpoint)


def test_the_model_has_the_operations_that_are_counted_on():
    assert len(model().operation_names) == 48
    assert SUPPORTED <= set(model().operation_names)
