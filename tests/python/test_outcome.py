"""What a load with bad records comes to, and what becomes of them."""

import pytest

from support.clients import Boto, Http, ServiceError, load, request

#: Ten records, two of them bad.
TWO_BAD = "~id,~label\n" + "".join(f"v{row},L{',surplus' if row in (3, 7) else ''}\n" for row in range(10))


@pytest.mark.parametrize(
    ("client", "members", "ends"),
    [
        (Http, {}, "LOAD_FAILED"),
        (Http, {"tolerance": 2}, "LOAD_COMPLETED"),
        (Http, {"tolerance": 1}, "LOAD_FAILED"),
        (Http, {"tolerance": "20 %"}, "LOAD_COMPLETED"),
        (Boto, {"parserConfiguration": {"tolerance": "19.9%"}}, "LOAD_FAILED"),
        (Boto, {"parserConfiguration": {"tolerance": "20%"}}, "LOAD_COMPLETED"),
        (Boto, {"parserConfiguration": {"tolerance": "2"}}, "LOAD_COMPLETED"),
    ],
)
def test_errors_within_the_tolerance_complete_a_load(client, members, ends, server, files):
    (files / "v.csv").write_text(TWO_BAD)
    payload = load(client(server.endpoint), f"file://{files}/v.csv", failOnError=False, **members)
    seen = payload["overallStatus"]
    assert (seen["status"], seen["totalRecords"], seen["parsingErrors"]) == (ends, 10, 2)
    assert payload["feedCount"] == [{ends: 1}]
    assert len(payload["errors"]["errorLogs"]) == 2


@pytest.mark.parametrize(
    ("members", "teaches"),
    [
        ({"failOnError": False, "tolerance": "some"}, "such as '0.5%', found 'some'"),
        ({"failOnError": False, "tolerance": -1}, "expected a whole number of errors"),
        ({"failOnError": False, "tolerance": "101%"}, "from 0 % to 100 %"),
        ({"failOnError": False, "parserConfiguration": {"tolerance": "1.5"}}, "expected a whole number of errors"),
        ({"tolerance": 1}, "send failOnError FALSE with it"),
    ],
)
def test_a_tolerance_that_cannot_be_meant_is_refused(members, teaches, server, files):
    (files / "v.csv").write_text(TWO_BAD)
    with pytest.raises(ServiceError) as refused:
        Http(server.endpoint).start(**request(f"file://{files}/v.csv", **members))
    assert (refused.value.name, refused.value.status) == ("InvalidParameterException", 400)
    assert "tolerance" in refused.value.message and teaches in refused.value.message


def test_the_command_line_tolerates(files, tool, tmp_path):
    (files / "v.csv").write_text(TWO_BAD)
    args = ("load", files / "v.csv", "--format", "csv", "--data", tmp_path / "data", "--fail-on-error", "false")
    assert tool.run(*args, check=False).returncode == 1
    assert "LOAD_COMPLETED" in tool.run(*args, "--tolerance", "2").stdout
    assert "LOAD_COMPLETED" in tool.run(*args, env={"HALIMEDE_TOLERANCE": "20%"}).stdout
