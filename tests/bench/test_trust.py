import pytest

from workbench.bench.bench import Bench
from workbench.errors import ModelUnreadyError
from workbench.models.embedded import EmbeddedDoor

FILE = "models: {file: local/evil.gguf}\ndefaults: {models: [file]}\n"
FOREIGN = "models: {lab: {model: openai/x, api_base: 'http://10.255.255.1:9/v1', api_key_env: LAB_KEY}}\n"


@pytest.fixture
async def opened(project, tmp_path):
    benches = []

    def open_bench(settings):
        project.write(".workbench.yml", settings)
        benches.append(Bench(project.root, {"LAB_KEY": "secret"}, tmp_path / "personal"))
        return benches[-1]

    yield open_bench
    for bench in benches:
        await bench.close()


async def test_a_model_file_of_a_project_from_elsewhere_is_not_loaded_until_it_is_trusted(
    opened, project, monkeypatch
):
    loaded = []

    async def engine(door, model):
        loaded.append(model.string)
        raise ModelUnreadyError("the engine was asked")

    monkeypatch.setattr(EmbeddedDoor, "engine", engine)
    project.write("evil.gguf", b"GGUF")
    project.write("prompts/p.md", "Hello")
    bench = opened(FILE)
    model = bench.catalogue.resolve("file")
    (found,) = (await bench.previewing.preview("p")).models
    assert "needs trust" in found.unready
    assert "workbench trust" in found.unready
    with pytest.raises(ModelUnreadyError, match="needs trust"):
        bench.check_ready(model)
    assert loaded == []
    bench.trust.trust(bench.root, bench.settings.content_hash)
    (found,) = (await bench.previewing.preview("p")).models
    assert found.unready == "the engine was asked"


async def test_trust_in_what_the_settings_say_now_is_none_in_what_was_read_before(opened):
    before = opened(FOREIGN)
    after = opened("models: {lab: openai/x}\n")
    after.trust.trust(after.root, after.settings.content_hash)
    with pytest.raises(ModelUnreadyError, match="needs trust"):
        before.key_for(before.catalogue.resolve("lab"))
    before.trust.trust(before.root, before.settings.content_hash)
    assert before.key_for(before.catalogue.resolve("lab")) == "secret"
