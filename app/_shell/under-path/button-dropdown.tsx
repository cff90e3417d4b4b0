'use client';
import { ButtonDropdown } from '@cloudscape-design/components';
import { withPath } from './with-path.tsx';

export default withPath(ButtonDropdown);
