# LiteLLM, at OpenAI's door: HARDCAP_URL and HARDCAP_KEY. Not run against hardcap so far.
import os

import litellm

answer = litellm.completion(
    # "openai/" says how to ask; what follows is the model that hardcap is asked for.
    model="openai/us.anthropic.claude-haiku-4-5-20251001-v1:0",
    api_base=os.environ["HARDCAP_URL"] + "/openai/v1",
    api_key=os.environ["HARDCAP_KEY"],
    messages=[{"role": "user", "content": "Say hello."}],
    max_tokens=200,
    num_retries=0,
)
print(answer.choices[0].message.content)
