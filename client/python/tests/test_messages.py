"""The generated messages are those of the contract."""

from patchstream.v1 import data_pb2


def test_the_messages_of_the_data_service_are_there() -> None:
    service = data_pb2.DESCRIPTOR.services_by_name["DataService"]
    assert {"DescribeDataset", "DescribeRun", "Stream", "OpenLane", "GetBatch"} <= {m.name for m in service.methods}
