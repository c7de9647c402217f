import json
import os
import shlex
import subprocess
import sys
from types import SimpleNamespace
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.loopback import Loopback
from tests.support.projects import rendered
from workbench.bench.copying import FORMATS, LONGEST_ARGUMENT, copied
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.errors import UsageError
from workbench.models.model import Model

TRICKY = "It's 'quoted' \"twice\" $HOME `id` $(id) \\ ! \x1b[31m \u202e é 🙂\n\tBODY\nBODY\n"
SCHEMA = {"type": "object", "properties": {"queue": {"enum": ["bug", None]}}, "required": ["queue"]}
PROMPT = "system:\nYou sort tickets.\n\nuser:\n<ticket>{{ ticket }}</ticket>\n"

MINI = Model("mini", "openai/gpt-5.4-mini", supports=frozenset({"reasoning", "chat"}))
HAIKU = Model("haiku", "anthropic/claude-haiku-4-5", max_output=64_000)
SMOL = Model("smol", "local/smollm2-135m", free=True)


def lab(url):
    return Model("lab", "openai/loopback-1", api_base=url)


def tricky():
    return rendered(PROMPT, {"ticket": TRICKY})


def body_of(curl):
    """Return the JSON that a copied command sends, as a shell reads it."""
    words = shlex.split(curl.replace("\\\n", " "))
    return json.loads(words[words.index("-d") + 1])


def arguments_of(script):
    """Return what a copied script gives LiteLLM, without the seconds that importing it takes."""
    asked = {}
    message = SimpleNamespace(content="")
    answer = SimpleNamespace(choices=[SimpleNamespace(message=message)])
    without_import = script.replace("from litellm import completion\n", "")
    with mock.patch.dict(os.environ, ANTHROPIC_API_KEY="k"):
        exec(without_import, {"completion": lambda **given: asked.update(given) or answer, "print": id})
    return asked


def in_shell(command, **variables):
    return subprocess.run(
        ["sh"],
        input=command,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )


def messages_of(context):
    return [{"role": message.role, "content": message.content} for message in context.messages]


def test_text_is_each_message_under_its_role():
    text = copied("text", rendered(PROMPT, {"ticket": "Hi"}), MINI, {}, None)
    assert text == "── system ──\nYou sort tickets.\n── user ──\n<ticket>Hi</ticket>\n"


def test_messages_are_a_json_list_of_role_and_content():
    text = copied("messages", tricky(), MINI, {}, None)
    assert json.loads(text) == messages_of(tricky())
    assert "é 🙂" in text
    assert "\x1b" not in text and "\u202e" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_what_the_engine_inserts_is_read_by_the_model_and_not_sent(form):
    engine = Segment(Origin.ENGINE, "chat template", 0, 11)
    user = Segment(Origin.TEMPLATE, "", 0, 2)
    context = Context((Message("system", "Be helpful."), Message("user", "Hi")), ((engine,), (user,)))
    assert ("Be helpful." in copied(form, context, SMOL, {}, None)) == (form == "text")


def test_an_unknown_format_is_a_usage_error_with_the_nearest_one():
    with pytest.raises(UsageError) as refused:
        copied("pyton", tricky(), MINI, {}, None)
    assert refused.value.hint == "Did you mean “python”?"


def test_curl_sends_what_the_gateway_would_with_the_key_as_a_variable():
    curl = copied("curl", tricky(), MINI, {"max_tokens": 20, "verbosity": "low"}, SCHEMA)
    assert curl.startswith("curl https://api.openai.com/v1/chat/completions ")
    assert '-H "Authorization: Bearer $OPENAI_API_KEY"' in curl
    assert body_of(curl) == {
        "model": "gpt-5.4-mini",
        "messages": messages_of(tricky()),
        "verbosity": "low",
        "max_completion_tokens": 20,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "output", "schema": SCHEMA, "strict": True},
        },
    }


@given(st.text())
def test_every_text_reaches_the_server_as_it_is(text):
    context = Context((Message("user", text),), ((Segment(Origin.INPUT, "x", 0, len(text)),),))
    curl = copied("curl", context, MINI, {}, None)
    assert body_of(curl)["messages"][0]["content"] == text
    assert json.loads(copied("messages", context, MINI, {}, None))[0]["content"] == text


@pytest.mark.parametrize(
    ("model", "address", "variable"),
    [
        ("groq/llama-3.3-70b-versatile", "https://api.groq.com/openai/v1/chat/completions", "GROQ_API_KEY"),
        ("mistral/mistral-small-latest", "https://api.mistral.ai/v1/chat/completions", "MISTRAL_API_KEY"),
        ("deepseek/deepseek-chat", "https://api.deepseek.com/beta/chat/completions", "DEEPSEEK_API_KEY"),
        ("xai/grok-4", "https://api.x.ai/v1/chat/completions", "XAI_API_KEY"),
        ("openrouter/z-ai/glm-5", "https://openrouter.ai/api/v1/chat/completions", "OPENROUTER_API_KEY"),
        (
            "gemini/gemini-2.5-flash",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
            "GEMINI_API_KEY",
        ),
    ],
)
def test_providers_that_speak_the_protocol_are_asked_at_their_own_address(model, address, variable):
    curl = copied("curl", tricky(), Model("m", model), {"max_tokens": 9}, None)
    assert curl.startswith(f"curl {address} ")
    assert f'"Authorization: Bearer ${variable}"' in curl
    assert body_of(curl) == {
        "model": model.split("/", 1)[1],
        "messages": messages_of(tricky()),
        "max_tokens": 9,
    }


def test_a_prefill_says_so_where_the_provider_wants_that():
    context = rendered("user:\nHi\n\nassistant:\n{")
    asked = body_of(copied("curl", context, Model("m", "mistral/mistral-small-latest"), {}, None))
    assert asked["messages"][-1] == {"role": "assistant", "content": "{", "prefix": True}


def test_an_address_of_ones_own_and_its_key_variable_are_those_of_the_entry():
    model = Model("lab", "openai/qwen3", api_base="https://lab.example.org/v1", api_key_env="LAB_KEY")
    curl = copied("curl", tricky(), model, {}, None)
    assert curl.startswith("curl https://lab.example.org/v1/chat/completions ")
    assert '"Authorization: Bearer $LAB_KEY"' in curl
    assert 'api_key=os.environ["LAB_KEY"]' in copied("python", tricky(), model, {}, None)


def test_anthropic_is_asked_in_its_own_protocol():
    context = rendered(f"{PROMPT}\nassistant:\nThe queue is \n", {"ticket": "Hi"})
    curl = copied("curl", context, HAIKU, {"stop": "\n", "temperature": 0}, None)
    assert curl.startswith("curl https://api.anthropic.com/v1/messages ")
    assert "-H 'anthropic-version: 2023-06-01'" in curl
    assert '-H "x-api-key: $ANTHROPIC_API_KEY"' in curl
    assert body_of(curl) == {
        "model": "claude-haiku-4-5",
        "temperature": 0,
        "stop_sequences": ["\n"],
        "max_tokens": 64_000,
        "system": [{"type": "text", "text": "You sort tickets."}],
        "messages": [
            {"role": "user", "content": "<ticket>Hi</ticket>"},
            {"role": "assistant", "content": "The queue is"},
        ],
    }


@pytest.mark.parametrize(
    ("model", "params", "schema", "why"),
    [
        (HAIKU, {}, SCHEMA, "output schema"),
        (HAIKU, {"reasoning_effort": "low"}, None, "“reasoning_effort”"),
        (Model("m", "mistral/mistral-small-latest"), {"seed": 1}, None, "“seed”"),
        (Model("b", "bedrock/anthropic.claude-3"), {}, None, "protocol is its own"),
        (Model("b", "azure/mine", api_base="https://mine.example.org"), {}, None, "protocol is its own"),
    ],
)
def test_what_has_no_plain_http_form_names_the_python_form(model, params, schema, why):
    with pytest.raises(UsageError) as refused:
        copied("curl", tricky(), model, params, schema)
    assert why in refused.value.message
    assert "--format python" in (refused.value.hint or "")
    compile(copied("python", tricky(), model, params, schema), "copied", "exec")


def test_a_local_model_is_asked_at_the_address_of_a_server_of_ones_own():
    curl = copied("curl", tricky(), SMOL, {"min_p": 0.1}, None)
    assert curl.startswith('curl "${LLAMA_SERVER:-http://127.0.0.1:8080}/v1/chat/completions" ')
    assert "Authorization" not in curl
    python = copied("python", tricky(), SMOL, {"min_p": 0.1}, None)
    assert 'os.environ.get("LLAMA_SERVER", "http://127.0.0.1:8080") + "/v1"' in python
    assert '    extra_body={\n        "min_p": 0.1,\n    },\n' in python


def test_the_command_runs_in_a_shell_and_sends_just_that():
    with Loopback("billing").in_thread() as server:
        done = in_shell(copied("curl", tricky(), lab(server.url), {"max_tokens": 5}, SCHEMA))
        sent = server.requests[0].body
    assert json.loads(done.stdout)["choices"][0]["message"]["content"] == "billing"
    assert sent == body_of(copied("curl", tricky(), lab(server.url), {"max_tokens": 5}, SCHEMA))
    assert sent["messages"] == messages_of(tricky())


def test_a_context_too_long_for_an_argument_is_sent_all_the_same():
    context = rendered(PROMPT, {"ticket": TRICKY * (3 * LONGEST_ARGUMENT // len(TRICKY))})
    with Loopback("billing").in_thread() as server:
        in_shell(copied("curl", context, lab(server.url), {}, None))
        assert server.requests[0].body["messages"] == messages_of(context)


def test_the_key_is_read_where_the_command_runs():
    with Loopback("billing").in_thread() as server:
        model = Model("lab", "openai/loopback-1", api_base=server.url, api_key_env="LAB_KEY")
        in_shell(copied("curl", tricky(), model, {}, None), LAB_KEY="planted-key")
        assert server.requests[0].headers["Authorization"] == "Bearer planted-key"


def test_no_form_holds_a_key_that_is_set(monkeypatch):
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MISTRAL_API_KEY", "LAB_KEY"):
        monkeypatch.setenv(variable, "planted-key")
    models = [MINI, HAIKU, SMOL, Model("m", "mistral/small"), Model("l", "openai/x", api_key_env="LAB_KEY")]
    for model in models:
        for form in FORMATS:
            assert "planted-key" not in copied(form, tricky(), model, {"max_tokens": 5}, None)


def test_the_script_runs_and_sends_what_the_command_sends():
    params = {"max_tokens": 5, "top_k": 3, "seed": 1}
    with Loopback("billing").in_thread() as server:
        script = copied("python", tricky(), lab(server.url), params, SCHEMA)
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        sent = server.requests[0].body
        assert done.stdout == "billing\n"
        assert sent == body_of(copied("curl", tricky(), lab(server.url), params, SCHEMA))


def test_the_script_for_other_providers_gives_litellm_what_the_gateway_does():
    script = copied("python", tricky(), HAIKU, {"max_tokens": 5}, SCHEMA)
    assert arguments_of(script) == {
        "model": "anthropic/claude-haiku-4-5",
        "messages": messages_of(tricky()),
        "max_tokens": 5,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "output", "schema": SCHEMA, "strict": True},
        },
        "api_key": "k",
    }


def test_a_param_that_the_gateway_refuses_is_a_usage_error():
    with pytest.raises(UsageError, match="“base_url” is not passed"):
        copied("python", tricky(), HAIKU, {"base_url": "http://elsewhere.example.org"}, None)


@settings(max_examples=50)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each)))
def test_every_value_means_the_same_in_the_script(value):
    script = copied("python", rendered("Hi"), HAIKU, {"logit_bias": {"x": value}}, None)
    assert arguments_of(script)["logit_bias"] == {"x": value}
