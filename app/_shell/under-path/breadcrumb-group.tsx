'use client';
import { BreadcrumbGroup } from '@cloudscape-design/components';
import { withPath } from './with-path.tsx';

export default withPath(BreadcrumbGroup);
