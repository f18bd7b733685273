"""A function is called over HTTP, through a domain that checks a signed token.

After the documentation of fcv3_trigger and fcv3_custom_domain in
aliyun/terraform-provider-alicloud.
"""

import json

import pulumi
import pulumi_alicloud as alicloud

config = pulumi.Config()
TAGS = {"app": "api", "environment": "prod"}

function = alicloud.fc.V3Function(
    "api",
    function_name="api",
    runtime="nodejs20",
    handler="index.handler",
    timeout=30,
    log_config={"project": "api-logs", "logstore": "functions"},
    environment_variables={"DB_PASSWORD": config.require_secret("db-password")},
    tags=TAGS,
)
alicloud.fc.V3Trigger(
    "http",
    function_name=function.function_name,
    trigger_name="http",
    trigger_type="http",
    qualifier="LATEST",
    trigger_config=json.dumps(
        {"authType": "function", "methods": ["GET", "POST"], "disableURLInternet": True}
    ),
)
alicloud.fc.V3CustomDomain(
    "domain",
    custom_domain_name="api.example.com",
    protocol="HTTPS",
    auth_config={
        "auth_type": "jwt",
        "auth_info": json.dumps({"jwks": {"keys": []}, "tokenLookup": "header:Authorization"}),
    },
    cert_config={
        "cert_name": "api",
        "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "private_key": config.require_secret("private-key"),
    },
    route_config={"routes": [{"function_name": "api", "path": "/*", "methods": ["GET", "POST"]}]},
)
