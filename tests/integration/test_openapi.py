"""cloud/api/openapi.yaml is valid OpenAPI 3.1, and what the running coordinator answers fits its schemas."""
import json
import ssl
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.integration.demo import ROOT, Demo

SPEC = yaml.safe_load((ROOT / "cloud/api/openapi.yaml").read_text())


def schema_of(path, method, status):
    response = SPEC["paths"][path][method]["responses"][status]
    if "$ref" in response:
        response = SPEC["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    content = response["content"]
    media = "application/json" if "application/json" in content else "application/problem+json"
    return dict(content[media]["schema"], components=SPEC["components"])


class Contract(unittest.TestCase):
    def test_the_document_is_valid(self):
        self.assertEqual([error.message for error in OpenAPIV31SpecValidator(SPEC).iter_errors()], [])
        self.assertTrue(SPEC["openapi"].startswith("3.1"))

    def test_the_running_server_answers_by_it(self):
        with Demo("--data", "digits", "--devices", "12", "--rounds", "2", "--dropout", "0") as demo:
            # Two rounds are too few for accuracy, which is not looked at here.
            _, report = demo.finish(300)
            self.assertEqual(report["sums_wrong"], 0, demo.output() + demo.logs())
            environment = demo.operator()
            context = ssl.create_default_context(cafile=environment["TRIBUTARY_CA"])
            token = Path(environment["TRIBUTARY_TOKEN_FILE"]).read_text().strip()

            def ask(path, method="GET", body=None):
                request = urllib.request.Request(environment["TRIBUTARY_COORDINATOR"] + path, method=method, data=body,
                                                 headers={"Authorization": f"Bearer {token}",
                                                          "Content-Type": "application/json"})
                try:
                    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                        return str(answer.status), json.load(answer)
                except urllib.error.HTTPError as error:
                    return str(error.code), json.load(error)

            def check(path, template, method="get", body=None, expected="200"):
                status, document = ask(path, method.upper(), body)
                self.assertEqual(status, expected, document)
                jsonschema.Draft202012Validator(schema_of(template, method, status)).validate(document)
                return document

            task = check("/v1/tasks", "/v1/tasks")["items"][0]["id"]
            model = check("/v1/models", "/v1/models")["items"][0]["hash"]
            check(f"/v1/tasks/{task}", "/v1/tasks/{id}")
            rounds = check(f"/v1/tasks/{task}/rounds", "/v1/tasks/{id}/rounds")["items"]
            number = rounds[0]["round"]
            check(f"/v1/tasks/{task}/rounds/{number}/survivors", "/v1/tasks/{id}/rounds/{n}/survivors")
            check(f"/v1/tasks/{task}/rounds/{number}/releases", "/v1/tasks/{id}/rounds/{n}/releases")
            check(f"/v1/models/{model}", "/v1/models/{hash}")
            check("/v1/gateways", "/v1/gateways")
            check("/v1/status", "/v1/status")
            check("/v1/tasks/" + "0" * 32, "/v1/tasks/{id}", expected="404")
            check("/v1/tasks", "/v1/tasks", "post", b'{"name": ""}', "422")


if __name__ == "__main__":
    unittest.main()
