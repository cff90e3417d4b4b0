// What a person may be called.
import { z } from 'zod';
import { wellFormedText } from '../../../replication/model/foreign-text.ts';

export const personName = z.string().overwrite(wellFormedText).trim().min(1, 'A name').max(80, 'At most 80 characters');
