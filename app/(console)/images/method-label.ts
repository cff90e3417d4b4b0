// How an AMI was made, in words.
import type { ListedImage } from './types.ts';

const METHODS: Record<ListedImage['method'], string> = {
  'register-image': 'RegisterImage',
  'import-image': 'VM Import (ImportImage)',
};

export const METHOD_CHOICES = Object.entries(METHODS).map(([value, label]) => ({ value, label }));

export function methodLabel(method: ListedImage['method']): string {
  return METHODS[method];
}
