"""Example values of formats, and rules that JSON Schema cannot express, for schemathesis."""

import re

import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

FORMATS = {
    "address": ["ada@example.com", "+351911111111"],
    "bcp47": ["pt-BR", "de", "zh-Hant-TW", "en_GB"],
    "iana-time-zone": ["Europe/Lisbon", "UTC", "America/Argentina/Buenos_Aires"],
    "idn-email": ["ada@example.com", "grace.hopper+x@mail.example", "user@bücher.example"],
    "iso-country": ["PT", "GB", "US"],
    "link": ["/posts/7", "https://example.com/a?b=c#d", "mailto:ada@example.com", "tel:+351911111111", "/"],
    "web-url": ["https://example.com/", "https://hooks.example.com/7?x=y"],
}
for name, values in FORMATS.items():
    schemathesis.openapi.format(name, st.sampled_from(values))

# Problems of requests that violate the schema. All others depend on stored data.
ABOUT_THE_SCHEMA = {"invalid_request", "malformed_json", "unsupported_media_type", "payload_too_large"}

# Invalid requests that JSON Schema cannot describe.
BEYOND_JSON_SCHEMA = [
    r"needs group",
    r"needs an entity",
    r"must be after deliverAt",
    r"must be a date and time that exist",
    r"must be an ISO 8601 duration",
    r"must be at most 366 days",
    r"data has no RFC 3339 instant or date there",
    r"at most 30 days after the start of the plan",
    r"must not be a key",
    r"the notification is invalid at /data/type: is missing",
    r"must be an IANA time zone",
    r"BCP 47 tag",
    r"must be an ISO 3166-1 country code",
    r"must be an e-mail address",
    r"must be an http or https URL",
    r"must be (https|http\(s\))",
    r"must be a URL",
    r"must start with one /",
    r"must not hold credentials",
    r"the path is invalid at /address",
    r"the CloudEvent is invalid at /data_base64",
    r"must have at most \d+ bytes",
    r"the config of \S+ is invalid",
    r"\S+ serves ",
    r"this device cannot be reached",
    r"must be a number that a double holds exactly",
    r"must not contain half of a surrogate pair",
    r"a tenant has at most 50 provider accounts",
    r"a tenant has at most 200 categories",
    r"must be (a file name|one line of text)",
    r"cannot be attached",
    r"the file is empty",
    r"there is no such attachment",
    r"must not occur twice",
    r"must not end at its start",
    r"needs (a window in seconds|`sliding: true`)",
    r"must not be shorter than the window",
    r"exactly one of `window` and `until` is needed",
    r"must not be (combined with timezone|before from)",
    r"is not a valid cron expression",
    r"never fires",
    r"leaves no time at which it would run",
    r"the body is invalid at /notification",
    r"a tenant has at most 1000 schedules",
    r"must be References, In-Reply-To",
    r"needs named recipients",
    r"a tenant has at most \d+ (layouts|partials)",
    r"have at most \d+ characters of JSON together",
    r"send a version or a type, not both",
    # Templates, expressions and schemas of data are languages of their own.
    r"the type is invalid at",
    r"the type has no such variant",
    r"the (layout|partial) is invalid",
    r"the body is invalid at /type/",
]


def refusals(response):
    """The problems of a response: its own, or those of the entries of a batch."""
    try:
        body = response.json()
    except ValueError:
        return []
    if not isinstance(body, dict) or "code" not in body:
        return []
    entries = [result["problem"] for result in body.get("results", []) if "problem" in result]
    return entries or [body]


def is_about_the_schema(problem):
    if problem["code"] not in ABOUT_THE_SCHEMA:
        return False
    messages = [problem["detail"], *(each["message"] for each in problem.get("errors", []))]
    return not any(re.search(rule, message) for rule in BEYOND_JSON_SCHEMA for message in messages)


@schemathesis.check
def documented_requests_are_accepted(ctx, response, case):
    problems = refusals(response)
    if response.status_code >= 400 and problems and not any(map(is_about_the_schema, problems)):
        return None
    return positive_data_acceptance(ctx, response, case)


def is_partly_refused(response):
    """An attribute of a recipient that is not valid is ignored, and the response says so."""
    return response.status_code in (202, 207) and (b'"warnings"' in response.content or b'"problem"' in response.content)


@schemathesis.check
def other_requests_are_refused(ctx, response, case):
    # An empty parameter counts as left out.
    if "" in (case.query or {}).values() or is_partly_refused(response):
        return None
    return negative_data_rejection(ctx, response, case)
