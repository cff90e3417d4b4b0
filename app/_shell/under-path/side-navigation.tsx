'use client';
import { SideNavigation } from '@cloudscape-design/components';
import { withPath } from './with-path.tsx';

export default withPath(SideNavigation);
