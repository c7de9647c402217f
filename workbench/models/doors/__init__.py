"""The doors to models: one for the OpenAI protocol, one for everything LiteLLM knows."""
