// How an AMI was made, in words.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

export type ListedImage = inferRouterOutputs<AppRouter>['images']['list']['items'][number];

const METHODS: Record<ListedImage['method'], string> = {
  'register-image': 'RegisterImage',
  'import-image': 'VM Import (ImportImage)',
};

export const METHOD_CHOICES = Object.entries(METHODS).map(([value, label]) => ({ value, label }));

export function methodLabel(method: ListedImage['method']): string {
  return METHODS[method];
}
