// Imports name their files, as modules of Node do.
export default {
  input: 'openapi.json',
  logs: { file: false },
  output: { path: 'jump', module: { extension: '.js' } },
};
