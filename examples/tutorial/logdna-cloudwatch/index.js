// In place of Mezmo's code, which is unpacked over this file: see the README.
throw new Error("Mezmo's code is not here: unpack its zip into this folder");
