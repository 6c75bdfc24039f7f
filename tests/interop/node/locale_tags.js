// Which language tags ECMAScript's Intl takes, a reading of BCP 47 of its own: a JSON list of texts comes on standard input,
// a list of booleans goes out.
'use strict';

const takes = (tag) => {
  try {
    Intl.getCanonicalLocales(tag);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

const tags = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(tags.map(takes)));
