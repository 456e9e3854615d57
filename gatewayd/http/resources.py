"""The resources of the REST interface: each is an operation of the stream protocol by another name.

Path, query and body give its fields; a new operation is one row here. Submits, events and the description of
all this are `rest`'s own.
"""

from typing import Final, NamedTuple

from gatewayd.upstream import wire, wire_policy


class Resource(NamedTuple):
    """Parameters in the path are named after the fields they give."""

    method: str
    path: str
    record: type[wire.Request]

    @property
    def op(self) -> str:
        return str(self.record.__struct_config__.tag)


RESOURCES: Final = (
    Resource("POST", "/v1/preview", wire.Preview),
    Resource("GET", "/v1/messages", wire.Search),
    Resource("GET", "/v1/messages/{id}", wire.Query),
    Resource("GET", "/v1/messages/{id}/explain", wire.Explain),
    Resource("POST", "/v1/messages/{id}/cancel", wire.Cancel),
    Resource("GET", "/v1/tags/{tag}", wire.TagProgress),
    Resource("POST", "/v1/tags/{tag}/pause", wire.TagPause),
    Resource("POST", "/v1/tags/{tag}/resume", wire.TagResume),
    Resource("POST", "/v1/tags/{tag}/cancel", wire.Cancel),
    Resource("GET", "/v1/optouts", wire_policy.OptoutList),
    Resource("POST", "/v1/optouts/batch", wire_policy.OptoutLoad),
    Resource("GET", "/v1/optouts/{to}", wire_policy.OptoutCheck),
    Resource("PUT", "/v1/optouts/{to}", wire_policy.OptoutAdd),
    Resource("DELETE", "/v1/optouts/{to}", wire_policy.OptoutRemove),
    Resource("GET", "/v1/consents", wire_policy.ConsentList),
    Resource("POST", "/v1/consents/batch", wire_policy.ConsentLoad),
    Resource("GET", "/v1/consents/{to}", wire_policy.ConsentCheck),
    Resource("PUT", "/v1/consents/{to}", wire_policy.ConsentAdd),
    Resource("DELETE", "/v1/consents/{to}", wire_policy.ConsentRevoke),
    Resource("GET", "/v1/templates", wire_policy.TemplateGet),
    Resource("GET", "/v1/templates/{name}", wire_policy.TemplateGet),
    Resource("PUT", "/v1/templates/{name}", wire_policy.TemplatePut),
    Resource("POST", "/v1/templates/{name}/review", wire_policy.TemplateReview),
    Resource("GET", "/v1/status", wire.Status),
)
