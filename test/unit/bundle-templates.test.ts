import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { dockerWord } from "../../src/bundle/base-image.js";
import { pythonString } from "../../src/bundle/python-literal.js";
import { checkClass, renderPython } from "../../src/bundle/python-source.js";
import { render } from "../../src/bundle/render.js";

const view = { legacy: true, modelArtifactUri: "gs://bucket/model", modelVersion: "1.2" };
const template = (text: string) => ({ name: "mine.mustache", text });
const python = (text: string) => ({ name: "mine.py", text });

describe("a template", () => {
  it("gets values as Python string literals, which it doesn't render again", () => {
    const rendered = renderPython(template("a = {{modelVersion}}"), { ...view, modelVersion: `"{{legacy}}'\n` });
    expect(rendered).toBe(String.raw`a = "\x22{{legacy}}\x27\n"`);
  });

  it("is refused with its line when it has an unknown variable, even in a section that is left out", () => {
    expect(() => renderPython(template("\n{{^legacy}}\n{{toString}}{{/legacy}}"), view)).toThrow(
      /^mine\.mustache, line 3: unknown variable toString; there are legacy, modelArtifactUri, modelVersion\./,
    );
  });

  it.each(["{{{modelVersion}}}", "{{&modelVersion}}", "{{>modelVersion}}", "{{=<% %>=}}<%&modelVersion%>"])(
    "is refused when it leaves out the escaping: %s",
    (text) => {
      expect(() => renderPython(template(text), view)).toThrow(/unescaped values and partials are not allowed/);
    },
  );

  it("is refused with its line when a section is not closed", () => {
    expect(() => renderPython(template("a\nb {{#legacy}}\nc"), view)).toThrow(
      /^mine\.mustache, line 3: Unclosed section "legacy"/,
    );
  });

  it("is refused when it uses a variable that has no value, unless the section around it is left out", () => {
    const onVertex = { ...view, legacy: false, modelArtifactUri: null };
    expect(() => renderPython(template("{{modelArtifactUri}}"), onVertex)).toThrow(/known on the legacy platform only/);
    expect(renderPython(template("{{#legacy}}{{modelArtifactUri}}{{/legacy}}x"), onVertex)).toBe("x");
  });

  it("is refused when it prints a condition", () => {
    expect(() => renderPython(template("{{legacy}}"), view)).toThrow(/use it as a section/);
  });

  it("may choose other tags, for braces that are Python's own", () => {
    expect(renderPython(template('{{=<% %>=}}\nf"{{x}}" + <%modelVersion%>'), view)).toBe('f"{{x}}" + "1.2"');
  });
});

describe("a Python file", () => {
  it("has the article's tokens and our tags replaced by string literals", () => {
    const source = `a = 'MODEL_ARTIFACT_URI'; b = "MODEL_VERSION"; c = {{modelVersion}}`;
    expect(renderPython(python(source), view)).toBe(`a = "gs://bucket/model"; b = "1.2"; c = "1.2"`);
  });

  it("stays as it is otherwise: f-strings, sets, names of its own", () => {
    const source = `MODEL_VERSION = f"{{x}}{{{modelVersion}}}" + r"MODEL_VERSION" + "a MODEL_VERSION"\n{{#legacy}}\n{{{'a'}}}`;
    expect(renderPython(python(source), view)).toBe(source);
  });

  it("is refused with its line when it needs a URI that nobody knows", () => {
    expect(() => renderPython(python("\n'MODEL_ARTIFACT_URI'"), { ...view, modelArtifactUri: null })).toThrow(
      /^mine\.py, line 2: /,
    );
  });

  it("is refused as a predictor when it has no class Predictor", () => {
    expect(() => checkClass("Predictor", "mine.py", "class Predictors: ...\n# class Predictor")).toThrow(
      /has no class Predictor/,
    );
    expect(() => checkClass("Predictor", "mine.py", "import x\nclass Predictor(Base):\n")).not.toThrow();
  });
});

it("writes Python literals in printable ASCII, with characters outside the BMP as one", () => {
  expect(pythonString("\\\"'\u2028é💥\ud800\0\x7f{{")).toBe(
    String.raw`"\\\x22\x27\u2028\xe9\U0001f4a5\ud800\x00\x7f{{"`,
  );
});

it.each(["a b", "a\nRUN x", "$HOME", 'a"', "a#b", "", "a\\"])("refuses %j as a word of a Dockerfile", (value) => {
  expect(() => render(template("FROM {{value}}"), { value }, dockerWord)).toThrow(/cannot be written in a Dockerfile/);
});

it("has no template of its own that leaves out the escaping", async () => {
  const folder = new URL("../../templates/", import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".mustache"));
  expect(names).toEqual(["Dockerfile.mustache", "predictor.py.mustache", "setup.py.mustache"]);
  for (const name of names) {
    expect(await readFile(new URL(name, folder), "utf8")).not.toMatch(/\{\{\s*[{&>]/);
  }
});
