'use client';
import { Button } from '@cloudscape-design/components';
import { withPath } from './with-path.tsx';

export default withPath(Button);
