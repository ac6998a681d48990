import { expect, it } from "vitest";
import { versionOfHash, versionOfName } from "../../src/bundle/sdist-version.js";

it.each([
  ["1", "1"],
  ["v_1", "1"],
  ["V-2.0", "2.0"],
  ["1.2.0", "1.2.0"],
  ["  01.002 ", "1.2"],
  ["1.0.0-beta.2", "1.0.0b2"],
  ["1.0rc", "1.0rc0"],
  ["1.0.post3.dev04", "1.0.post3.dev4"],
  ["2.1+Build-007", "2.1+build.7"],
])("takes %j for the version %s", (name, version) => {
  expect(versionOfName(name)).toBe(version);
});

it.each([
  ["champion", "0+champion"],
  ["Summer sale!", "0+summer.sale"],
  ["2024-01-15", "0+2024.1.15"],
  ["1!2", "0+1.2"],
  ["v", "0+v"],
])("makes of the free text %j the local version %s", (name, version) => {
  expect(versionOfName(name)).toBe(version);
});

it("keeps names apart that differ only in letters a version cannot have", () => {
  const versions = ["日本", "中国", "", "größe", "grösse", "\ud800", "💥"].map(versionOfName);
  expect(new Set(versions).size).toBe(versions.length);
  expect(versionOfName("Größe 3")).toMatch(/^0\+grosse\.3\.[0-9a-f]{8}$/);
});

it("keeps long names apart, and within the length of a file name", () => {
  const [first, second] = [versionOfName(`${"9".repeat(500)}a`), versionOfName(`${"9".repeat(500)}b`)];
  expect(first).not.toBe(second);
  expect(first.length).toBeLessThan(60);
});

it("uses the start of the environment's hash where there is no name, as a number if it is one", () => {
  expect(versionOfHash("0123456789ab" + "c".repeat(52))).toBe("0+0123456789ab");
  expect(versionOfHash("001234567890" + "c".repeat(52))).toBe("0+1234567890");
});
