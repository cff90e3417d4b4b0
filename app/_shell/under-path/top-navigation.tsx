'use client';
import { TopNavigation } from '@cloudscape-design/components';
import { withPath } from './with-path.tsx';

export default withPath(TopNavigation);
