"""gRPC's server reflection, so that grpcurl and its like know the service. Needs grpcio-reflection."""

from collections.abc import Sequence

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection, reflection_pb2

from patchstream.trainer.service.handlers import SERVICE
from patchstream.trainer.service.health import HEALTH
from patchstream.v1 import trainer_pb2

REFLECTION_SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
"""Both names that clients ask for; the messages of both are the same bytes."""


_OF_HEALTH = ".grpc.health.v1."


def reflection_handlers() -> list[grpc.GenericRpcHandler]:
    """The services."""
    servicer = reflection.aio.ReflectionServicer([SERVICE, HEALTH, *REFLECTION_SERVICES], pool=_described())
    method = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return [
        grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method}) for name in REFLECTION_SERVICES
    ]


def _described() -> descriptor_pool.DescriptorPool:
    """A pool of its own: other libraries of the process describe the same files."""
    pool = descriptor_pool.DescriptorPool()
    _add(pool, trainer_pb2.DESCRIPTOR)
    pool.Add(_health())
    described = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(described)
    pool.Add(described)
    renamed = text_format.MessageToString(described).replace("v1alpha", "v1")
    pool.Add(text_format.Parse(renamed, descriptor_pb2.FileDescriptorProto()))
    return pool


def _add(pool: descriptor_pool.DescriptorPool, file: FileDescriptor) -> None:
    """With what it imports, which comes first."""
    dependencies: Sequence[FileDescriptor] = file.dependencies
    for one in dependencies:
        _add(pool, one)
    pool.AddSerializedFile(file.serialized_pb)


def _health() -> descriptor_pb2.FileDescriptorProto:
    """proto/grpc/health/v1/health.proto."""
    file = descriptor_pb2.FileDescriptorProto(
        name="grpc/health/v1/health.proto", package="grpc.health.v1", syntax="proto3"
    )
    request = file.message_type.add(name="HealthCheckRequest")
    request.field.add(name="service", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
    response = file.message_type.add(name="HealthCheckResponse")
    statuses = response.enum_type.add(name="ServingStatus")
    for number, name in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")):
        statuses.value.add(name=name, number=number)
    kind = f"{_OF_HEALTH}HealthCheckResponse.ServingStatus"
    response.field.add(name="status", number=1, type="TYPE_ENUM", type_name=kind, label="LABEL_OPTIONAL")
    file.message_type.add(name="HealthListRequest")
    listed = file.message_type.add(name="HealthListResponse")
    entry = listed.nested_type.add(name="StatusesEntry", options=descriptor_pb2.MessageOptions(map_entry=True))
    entry.field.add(name="key", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
    one = {"type": "TYPE_MESSAGE", "type_name": f"{_OF_HEALTH}HealthCheckResponse", "label": "LABEL_OPTIONAL"}
    entry.field.add(name="value", number=2, **one)
    kind = f"{_OF_HEALTH}HealthListResponse.StatusesEntry"
    listed.field.add(name="statuses", number=1, type="TYPE_MESSAGE", type_name=kind, label="LABEL_REPEATED")
    service = file.service.add(name="Health")
    for name, of, is_stream in (("Check", "Check", False), ("Watch", "Check", True), ("List", "List", False)):
        service.method.add(
            name=name,
            input_type=f"{_OF_HEALTH}Health{of}Request",
            output_type=f"{_OF_HEALTH}Health{of}Response",
            server_streaming=is_stream,
        )
    return file
