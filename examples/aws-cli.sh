#!/bin/sh
# AWS CLI: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_BEARER_TOKEN_BEDROCK, AWS_DEFAULT_REGION.
# AWS_RETRY_MODE=standard has it ask once, not five times, when a cap refuses with 429.
export AWS_RETRY_MODE=standard
exec aws bedrock-runtime converse \
  --model-id us.anthropic.claude-haiku-4-5-20251001-v1:0 \
  --messages '[{"role":"user","content":[{"text":"Say hello."}]}]' \
  --inference-config maxTokens=200 \
  --query 'output.message.content[0].text' --output text
