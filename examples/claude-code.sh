#!/bin/sh
# Claude Code: sh examples/claude-code.sh URL KEY [bedrock]
URL=$1 KEY=$2
if [ "$3" = bedrock ]; then
  export CLAUDE_CODE_USE_BEDROCK=1 ANTHROPIC_BEDROCK_BASE_URL="$URL"
  export AWS_BEARER_TOKEN_BEDROCK="$KEY" AWS_REGION="${AWS_REGION:-us-east-1}"
  export ANTHROPIC_MODEL=us.anthropic.claude-haiku-4-5-20251001-v1:0
else
  export ANTHROPIC_BASE_URL="$URL" ANTHROPIC_AUTH_TOKEN="$KEY" ANTHROPIC_MODEL=claude-haiku-4-5
fi
exec claude -p 'Say hello.'
