'use client';
// What stands in for parts of Cloudscape that make links, where the console lies under a path (next.config.js): the
// addresses among their properties get the path before them, so that a link can also be copied, or opened in a new tab.
import { type ComponentType, isValidElement } from 'react';
import { inConsole } from '../../sub-path.ts';

const ADDRESSES = new Set(['href', 'activeHref', 'src']);

/** The component with each address below its properties as the browser must be given it. */
export function withPath<Props extends object>(Original: ComponentType<Props>): ComponentType<Props> {
  return function UnderPath(props: Props) {
    return <Original {...(addressed(props) as Props)} />;
  };
}

function addressed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(addressed);
  if (typeof value !== 'object' || value === null || isValidElement(value)) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, of]) => [
      name,
      typeof of === 'string' ? (ADDRESSES.has(name) ? inConsole(of) : of) : name === 'ref' ? of : addressed(of),
    ]),
  );
}
