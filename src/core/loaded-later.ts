/** The methods of a service that answer with a promise: those that may wait until it is loaded. */
type AsyncMethod<Service> = {
  [Name in keyof Service]: Service[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Service];

type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * A service whose code is loaded by the first call of one of its methods, so that a call that does not need it does not wait for
 * its libraries.
 *
 * @param load - Makes the service. What it rejects with, the call rejects with, and the next call loads again.
 * @param names - The methods of the service, all of which answer with a promise.
 */
export function loadedLater<Service extends object, Name extends AsyncMethod<Service>>(
  load: () => Promise<Service>,
  names: readonly Name[],
): Pick<Service, Name> {
  let loading: Promise<Service> | undefined;
  const loaded = () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const methods = names.map((name) => {
    const call: Method = async (...args) => ((await loaded()) as Record<Name, Method>)[name](...args);
    return [name, call] as const;
  });
  return Object.fromEntries(methods) as Pick<Service, Name>;
}
