'use client';
import { Link } from '@cloudscape-design/components';
import { withPath } from './with-path.tsx';

export default withPath(Link);
