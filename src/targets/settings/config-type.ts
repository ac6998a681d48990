type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? Head extends Uppercase<Head>
    ? Head extends Lowercase<Head>
      ? `${Head}${SnakeCase<Tail>}`
      : `_${Lowercase<Head>}${SnakeCase<Tail>}`
    : `${Head}${SnakeCase<Tail>}`
  : Name;

/** What `config` takes: every setting is optional, in camelCase or snake_case. */
export type ConfigOf<Settings extends object> = Partial<Settings> & {
  [Name in Extract<keyof Settings, string> as SnakeCase<Name>]?: Settings[Name];
};
