# boto3: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_BEARER_TOKEN_BEDROCK, AWS_DEFAULT_REGION.
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

# The default mode ("legacy") asks five times at 429; "standard" asks once.
client = boto3.client("bedrock-runtime", config=Config(retries={"mode": "standard"}))
try:
    answer = client.converse_stream(
        modelId="us.anthropic.claude-haiku-4-5-20251001-v1:0",
        messages=[{"role": "user", "content": [{"text": "Say hello."}]}],
        inferenceConfig={"maxTokens": 200},
    )
    for event in answer["stream"]:
        delta = event.get("contentBlockDelta", {}).get("delta", {})
        print(delta.get("text", ""), end="", flush=True)
    print()
except EventStreamError as error:  # cut within the stream
    sys.exit(f"cut: {error}")
except ClientError as error:  # refused at the start: code BudgetExceededException
    sys.exit(f"{error.response['Error']['Code']}: {error.response['Error']['Message']}")
