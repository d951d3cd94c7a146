// Every page of the workspace: sidebar, panel, switcher, keys, the person's socket.
import "./confirm.js";
import "./panel.js";
import "./personal.js";
import "./picker.js";
import "./preferences.js";
import "./shortcuts.js";
import "./thread_list.js";
import { decorateCopies } from "./decorate.js";

decorateCopies();
